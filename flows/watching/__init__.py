"""What is asked of new rows: are they like those a champion was taught, is it still of use?"""

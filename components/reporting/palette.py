"""Colours that differ for every kind of colour vision (Okabe and Ito), and those of the page."""

REAL = "#0072B2"
REAL_FILL = "#8FC1E0"
SYNTHETIC = "#D55E00"
OTHER = "#5B6470"
EMPHASIS = "#007A5A"
CHANCE = "#8A929C"
INK = "#1F2933"
AXIS = "#9AA3AD"
GRID = "#E4E8EC"
LINES = (EMPHASIS, "#A6447E", "#3A6EA5", "#8C6D00")

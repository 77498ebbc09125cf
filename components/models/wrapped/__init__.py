"""Any generator of rows with something around it: constraints, or a judge that picks."""

"""Shows a headless run on the terminal: a panel that is drawn again every second, or plain lines."""

"""What the exchange is checked against, and a short way to write what it is asked."""

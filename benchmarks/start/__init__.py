"""How long a start takes, of a process and of what is deployed."""

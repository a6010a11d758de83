"""The running server: sockets, connections, its end."""

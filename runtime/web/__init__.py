"""The only HTTP: routes, their JSON, the admission queue, middleware, metrics."""

"""The only HTTP: routes, their JSON, the admission queue, errors and their statuses, middleware, metrics."""

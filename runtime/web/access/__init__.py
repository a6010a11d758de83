"""Who may ask: by which name, from which page, with which token, how often. Knows no route but the login page's own."""

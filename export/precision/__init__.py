"""Mixed precision: the error of every layer is measured, a precision chosen within a budget, the result held to gates."""

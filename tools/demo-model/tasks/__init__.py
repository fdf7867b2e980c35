"""One file per task: each function takes a `Random` and returns an `Example`."""

"""How weights move: optimizers, schedules, the running average."""

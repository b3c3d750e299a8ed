"""A simulated pack and balancer behind a pty: `evencell sim`.

`chemistry`, `pack` and `usage` are the cells and what a rider does to them, `balancer` moves charge between them.
`answers` turns requests into frames, `capture` replays recorded ones instead, `line` carries both at the pace of the
wire. The model knows no wall clock: `step(seconds)` is all that makes it older.

`fault_table` is what can be wrong, `faults` what of it is on; `fault_readings` and `fault_answers` make it happen, with
`foreign_frames` and `uart` for what is another protocol's or another rate's, and `fault_commands` switches it while
all of it runs. `bus` puts several balancers on one line.
"""

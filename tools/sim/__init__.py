"""A simulated pack and balancer behind a pty: `evencell sim`.

`chemistry` and `pack` model the cells, `usage` the rider, `balancer` the transfer of charge. `answers` turns requests
into frames, `capture` replays recorded ones, `line` sends both at the speed of the wire. The model has no wall clock:
only `step(seconds)` lets time pass.

`fault_table` lists the faults, `faults` has the active ones. `fault_readings`, `fault_answers` and `damage` apply them,
`foreign_frames` and `uart` supply other protocols and baud rates, and `fault_commands` switches faults at run time.
`bus` puts several balancers on one line.
"""

# Its code for a heap that grows counts with void pointers.
CFLAGS_EXTRA += -Wno-pointer-arith

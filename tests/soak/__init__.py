"""`make soak`: thousands of events on two platforms, two processes, one database, and every fault that there is."""

//! The client against the simulator of Graph.

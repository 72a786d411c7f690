//! The binary as its user runs it: started, killed, fed garbage, read.

mod command_line;
mod demo;
mod garbage;
mod killed;
mod ports;
mod processes;
mod proposals;
mod running;

//! The binary as its user runs it: started, killed, fed garbage, read.

mod command_line;
mod demo;
mod killed;
mod running;

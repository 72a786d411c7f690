mod import;
mod print;
mod table;

#![allow(dead_code)]
mod assayer;

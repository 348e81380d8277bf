-- Run once, by the postgres image, when its volume is new. The tables come from the first run of the DAG.
create database warehouse;

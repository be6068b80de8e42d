// What people write to receive audit events; only the benchmark builds it.
module kaudit/xtask/peers/receiver

go 1.22

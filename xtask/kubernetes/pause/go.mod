module kaudit.dev/pause

go 1.21

module github.com/ManuGH/xg2g-transcoder/host/c/tests/go

go 1.26.0

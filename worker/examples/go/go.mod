module headgate-example

go 1.21

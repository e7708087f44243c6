"""What an action takes: minutes of builds and money, by a dated table of prices."""

#!/bin/sh
test -f "$HOME/srv/inventory/__init__.py"

#!/usr/bin/env bash
# Makes sure that the Python given can import OpenCV. Ultralytics brings opencv-python, which wants libGL; where there is
# none, the build without windows takes its place.
set -euo pipefail
python=${1:?a Python}
"$python" -c 'import cv2' >/dev/null 2>&1 && exit
"$python" -m pip install --force-reinstall --no-deps opencv-python-headless
"$python" -c 'import cv2'

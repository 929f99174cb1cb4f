"""A room: a class predicts together. The address says which one, and whose screen this is."""

import streamlit as st

from edgeslim.ui.room.board import board
from edgeslim.ui.room.opening import room_in_address
from edgeslim.ui.room.projector import projector
from edgeslim.ui.room.student import student

room, teacher = room_in_address()
if teacher is not None:
    board(room, teacher)
elif st.query_params.get("view") == "projector":
    projector(room)
else:
    student(room)

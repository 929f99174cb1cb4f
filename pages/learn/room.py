"""A room: a class predicts together. The address says which one, and whose screen this is."""

import streamlit as st

from edgeslim.ui.room.board import board
from edgeslim.ui.room.league import league_page
from edgeslim.ui.room.opening import room_in_address
from edgeslim.ui.room.projector import projector
from edgeslim.ui.room.student import student

room, teacher = room_in_address()
if st.query_params.get("view") == "league":
    league_page(room, teacher)
elif teacher is not None:
    board(room, teacher)
elif st.query_params.get("view") == "projector":
    projector(room)
else:
    student(room)

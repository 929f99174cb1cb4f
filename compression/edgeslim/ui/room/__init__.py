"""A room on the screens: the student's, the teacher's and the projector's."""

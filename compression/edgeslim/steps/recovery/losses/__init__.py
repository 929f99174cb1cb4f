"""How far a student is from its teacher: outputs by kind, objects, inner layers."""

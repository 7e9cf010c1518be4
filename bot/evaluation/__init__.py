"""Golden questions: a team's own, each with what should answer it; read, asked, judged, compared."""

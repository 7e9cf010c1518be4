"""The places people talk to Frontdesk from: a message in, answer events out in that place's best form."""

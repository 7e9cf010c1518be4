"""What is said in chats, on whatever platform: messages, answers, cards, text."""

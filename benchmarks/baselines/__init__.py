"""What a publisher would otherwise write or take, each as short as it can be: nothing of it ships."""

"""What the functions of the admin API share: who calls, which sites that caller may see, how answers look."""

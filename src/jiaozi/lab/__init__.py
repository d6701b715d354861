"""推演: tries a policy before it is law; plays years of applications and use against versions of a programme."""

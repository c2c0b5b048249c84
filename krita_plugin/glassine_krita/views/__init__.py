"""The parts of the docker. They draw the studio and call it;
they decide nothing."""

"""The parts of the docker. They draw what the studio holds, and call it;
they decide nothing."""

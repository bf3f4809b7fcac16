//! Development only: a virtual network, a hand-moved clock, scripted phones and a PBX in a box.

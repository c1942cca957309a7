// Package demo is what a newcomer does with `recon demo`, as a test and as a recording: the real program in a real terminal
// with somebody at its keys, who reads what the guide says and presses the key that it names.
//
// There is nothing in it but tests. The journey runs with all others; with RECON_RECORD set to the folder of the documents,
// it is walked to its end and written there as demo.cast (asciinema, version 2) and demo.svg.
package demo

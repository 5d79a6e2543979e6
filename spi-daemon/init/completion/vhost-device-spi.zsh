#compdef vhost-device-spi spi-xfer
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Completion for zsh of vhost-device-spi and spi-xfer. zsh reads the options from
# their --help; this says what some values are.

_vhost_device_spi_keys() {
	local -a keys
	keys=(${(fu)"$($words[1] --help 2> /dev/null |
		sed -n 's/^  \([a-z-]*=\).*/\1/p')"})
	compset -P '*,'
	if compset -P '*='; then
		_files
	else
		compadd -S '' -a keys
	fi
}

_vhost_device_spi_device() {
	local -a chips
	if [[ $PREFIX == *,* ]]; then
		_vhost_device_spi_keys
		return
	fi
	chips=(${(fu)"$($words[1] --help 2> /dev/null |
		grep -o 'sim:[a-z]*')"})
	compadd -a chips
	_files -g '/dev/spidev*'
}

_arguments -- \
	'*=SPEC*:device:_vhost_device_spi_device' \
	'*=GUEST*:guest:_vhost_device_spi_keys' \
	'*=MODE*:mode:(on log off)' \
	'*=USER*:user:_users' \
	'*=FILE*:file:_files' \
	'*=PATH*:socket:_files'

# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# Completion for bash of vhost-device-spi and spi-xfer. What there is to complete
# is read from their --help.

# Options, with "=" behind those that take a value
_vhost_device_spi_options() {
	"$1" --help 2> /dev/null | sed -n \
		's/^  \(-[A-Za-z], \|    \)\(--[a-z-]*\)\([ =][A-Z]\)\{0,1\}.*/\2\3/p' |
		sed 's/[ =][A-Z]$/=/'
}

# Words that begin a line of the keys: "cs=", "max-speed="
_vhost_device_spi_keys() {
	"$1" --help 2> /dev/null | sed -n 's/^  \([a-z-]*=\).*/\1/p' | sort -u
}

# Kinds of simulated chips
_vhost_device_spi_chips() {
	"$1" --help 2> /dev/null | grep -o 'sim:[a-z]*' | sort -u
}

_vhost_device_spi_value() {
	local program=$1 option=$2 word=$3 before=

	case $option in
	--device | -l | --guest | -g)
		if [[ $word == *,* || $option == --guest || $option == -g ]]; then
			[[ $word == *,* ]] && before=${word%,*},
			if [[ ${word##*,} == *=* ]]; then
				COMPREPLY=($(compgen -f -P "$before${word##*,}" \
					-- "${word##*=}"))
				return
			fi
			COMPREPLY=($(compgen -P "$before" \
				-W "$(_vhost_device_spi_keys "$program")" \
				-- "${word##*,}"))
		else
			COMPREPLY=($(compgen -G "${word:-/dev/spidev}*"
				compgen -W "$(_vhost_device_spi_chips "$program")" \
					-- "$word"))
		fi
		;;
	--user)
		COMPREPLY=($(compgen -u -- "$word"))
		;;
	--socket-group)
		COMPREPLY=($(compgen -g -- "$word"))
		;;
	--sandbox)
		COMPREPLY=($(compgen -W 'on log off' -- "$word"))
		;;
	*)
		COMPREPLY=($(compgen -f -- "$word"))
		compopt -o filenames 2> /dev/null
		;;
	esac
}

_vhost_device_spi() {
	# Not split at "=" and ":", as COMP_WORDS are
	local line=${COMP_LINE:0:COMP_POINT}
	local word=${line##* } previous=${COMP_WORDS[COMP_CWORD - 1]}
	local cut

	COMPREPLY=()
	if [[ $word == --*=* ]]; then
		_vhost_device_spi_value "$1" "${word%%=*}" "${word#*=}"
	elif [[ $word == -* ]]; then
		COMPREPLY=($(compgen -W "$(_vhost_device_spi_options "$1")" \
			-- "$word"))
		[[ ${COMPREPLY[*]} == *= ]] && compopt -o nospace 2> /dev/null
		return
	elif [[ $previous == -* ]]; then
		_vhost_device_spi_value "$1" "$previous" "$word"
	else
		COMPREPLY=($(compgen -f -- "$word"))
		compopt -o filenames 2> /dev/null
	fi
	[[ ${COMPREPLY[*]} == *= ]] && compopt -o nospace 2> /dev/null
	# bash replaces what is behind the last "=" or ":" alone.
	cut=${word%"${word##*[=:]}"}
	[[ $word == --*=* ]] && cut=${cut#"${word%%=*}="}
	COMPREPLY=("${COMPREPLY[@]#"$cut"}")
}

complete -F _vhost_device_spi vhost-device-spi spi-xfer

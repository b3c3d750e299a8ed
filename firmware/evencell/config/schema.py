"""The table of all configuration keys: key, default as JSON, and kind of its values (kinds.py).

Lines of text: as objects they took 12 KB of an ESP32's heap while the configuration was checked.
"""

TABLE = """\
name                       "evencell"       text 1 32
profile                    "full"           choice full display telemetry
packs                      [{}]             list 1 8 name
packs[].name               "pack1"          name 24
packs[].model              "jk_b2a4s"       choice jk_b2a4s jk_b2a24s jk_b1a24s
packs[].uart               null             whole 0 2
packs[].address            1                whole 0 255
packs[].interval_ms        1000             whole 0 86400000
packs[].timeout_ms         1000             whole 100 10000
packs[].temperature_scale  "auto"           choice auto 1 0.1
packs[].writable           false            switch
packs[].chemistry          "lfp"            choice lfp nmc lto custom
packs[].capacity_ah        20               number 0 10000
packs[].cells              null             whole 2 24
wifi.networks              []               list 0 8 ssid
wifi.networks[].ssid       ""               ssid
wifi.networks[].password   null             passphrase
wifi.hostname              null             name 32
wifi.txpower               null             number 2 21
wifi.country               null             country
wifi.power_save            null             choice none min max
wifi.static.address        null             ipv4
wifi.static.netmask        "255.255.255.0"  netmask
wifi.static.gateway        null             ipv4
wifi.static.dns            null             ipv4
wifi.fallback_ap           false            switch
wifi.ap_password           null             passphrase
time.servers               ["pool.ntp.org","time.cloudflare.com"]  hosts
time.interval_s            3600             whole 900 86400
time.mqtt                  false            switch
time.utc_offset_min        0                whole -720 840
time.zone                  null             zone
http.enabled               true             switch
http.host                  "0.0.0.0"        host 1 64
http.port                  80               whole 1 65535
http.public_read           true             switch
http.origins               []               origins
auth.password_hash         null             password_hash
auth.tokens                []               list 0 8 name
auth.tokens[].name         ""               text 1 32
auth.tokens[].hash         null             fingerprint
update.keys                []               list 0 4 name
update.keys[].name         ""               text 1 32
update.keys[].modulus      null             modulus
mqtt.enabled               false            switch
mqtt.host                  ""               host 0 64
mqtt.port                  1883             whole 1 65535
mqtt.user                  null             text 0 64
mqtt.password              null             text 0 128
mqtt.tls                   false            switch
mqtt.ca                    null             certificate 32
mqtt.fingerprint           null             fingerprint
mqtt.keepalive_s           30               whole 5 3600
mqtt.prefix                "evencell"       topic 32
mqtt.publish_s             10               whole 1 86400
mqtt.retain_state          false            switch
mqtt.commands              false            switch
mqtt.discovery             true             switch
mqtt.discovery_prefix      "homeassistant"  topic 32
mqtt.birth_topic           "homeassistant/status"  topic 64
influx.url                 null             address 160
influx.token               null             text 0 128
influx.user                null             text 0 64
influx.password            null             text 0 128
influx.measurement         "evencell"       name 32
influx.batch_s             10               whole 1 3600
journal.enabled            true             switch
journal.max_kib            256              whole 64 8192
power.interval_s           0                whole 0 86400
power.min_interval_s       null             whole 10 86400
power.max_interval_s       null             whole 10 604800
power.report_s             21600            whole 60 604800
power.spill_every          8                whole 1 24
power.low_pack_mv          null             whole 1000 120000
power.cpu_mhz              null             whole 80 240
history.enabled            true             switch
display.driver             "auto"           choice auto none picture ssd1306 sh1106 st7789 ili9341
display.width              null             whole 1 320
display.height             null             whole 1 320
display.rotation           null             whole 0 270
display.x_offset           null             whole 0 239
display.y_offset           null             whole 0 319
display.inverted           null             switch
display.bgr                null             switch
display.brightness         80               whole 0 100
display.dim_after_s        60               whole 0 86400
display.off_after_s        300              whole 0 86400
display.saver_after_s      3600             whole 0 86400
display.night              null             span
display.night_brightness   10               whole 0 100
display.dark_on_light      false            switch
display.temperature_unit   "C"              choice C F
display.language           "en"             choice en de
log.level                  "info"           choice debug info warning error
log.syslog                 null             host 1 64
log.syslog_port            514              whole 1 65535
control.policy.preset      "off"            choice off always top rest off-ride storage custom
control.policy.by          "f6"             choice f6 w
control.policy.at_start    "unchanged"      choice unchanged on off
control.policy.min_on_s    600              whole 60 86400
control.policy.min_off_s   600              whole 60 86400
control.policy.conditions  []               list 0 8 field
control.policy.conditions[].field  ""       choice highest_mv lowest_mv pack_mv delta_mv temperature_c trend time
control.policy.conditions[].above  null     number -40 120000
control.policy.conditions[].below  null     number -40 120000
control.policy.conditions[].hysteresis  0   number 0 1000
control.policy.conditions[].trend  null     choice resting charging discharging
control.policy.conditions[].span   null     span
control.builtin_rules      null             switch
control.builtin_output     false            switch
control.rules              []               list 0 16 name
control.rules[].name       "rule1"          name 24
control.rules[].field      "delta_mv"       rule_field
control.rules[].above      null             number -40 120000
control.rules[].below      null             number -40 120000
control.rules[].hysteresis  0               number 0 10000
control.rules[].delay_s    60               whole 0 86400
control.rules[].severity   "warning"        choice info warning danger
control.rules[].text       null             text 1 120
control.rules[].output     false            switch
control.limits.cell_min_mv  null            whole 1000 5000
control.limits.cell_max_mv  null            whole 1000 5000
control.limits.charge_min_c  null           whole -40 125
control.limits.charge_max_c  null           whole -40 125
control.w.enabled          false            switch
control.w.resistor         null             choice on off
control.w.inverted         null             switch
control.w.guard_on_s       60               whole 60 3600
control.w.guard_every_s    3600             whole 300 86400
pins                       {}               pins
"""

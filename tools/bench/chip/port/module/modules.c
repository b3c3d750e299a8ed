// `esp32`, as far as evencell asks it, and `_chip`, on which the simulated radio and TLS rest.

#include "py/obj.h"
#include "py/runtime.h"
#include "chip.h"

static mp_obj_t idf_heap_info(mp_obj_t capability) {
    (void)capability;
    mp_obj_t list = mp_obj_new_list(0, NULL);
    for (int region = 0; region < chip_region_count(); region++) {
        chip_region_info_t info;
        chip_region_info(region, &info);
        mp_obj_t items[] = {
            MP_OBJ_NEW_SMALL_INT(info.total), MP_OBJ_NEW_SMALL_INT(info.free),
            MP_OBJ_NEW_SMALL_INT(info.largest), MP_OBJ_NEW_SMALL_INT(info.least_free),
        };
        mp_obj_list_append(list, mp_obj_new_tuple(4, items));
    }
    return list;
}
static MP_DEFINE_CONST_FUN_OBJ_1(idf_heap_info_obj, idf_heap_info);

static const mp_rom_map_elem_t esp32_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_esp32) },
    { MP_ROM_QSTR(MP_QSTR_idf_heap_info), MP_ROM_PTR(&idf_heap_info_obj) },
    { MP_ROM_QSTR(MP_QSTR_HEAP_DATA), MP_ROM_INT(4) },
};
static MP_DEFINE_CONST_DICT(esp32_globals, esp32_globals_table);
const mp_obj_module_t esp32_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&esp32_globals,
};
MP_REGISTER_MODULE(MP_QSTR_esp32, esp32_module);

static mp_obj_t claim(mp_obj_t size) {
    chip_claim_t result = chip_claim(mp_obj_get_int(size));
    return result == CHIP_NO_ROOM ? mp_const_none : MP_OBJ_NEW_SMALL_INT(result);
}
static MP_DEFINE_CONST_FUN_OBJ_1(claim_obj, claim);

static mp_obj_t release(mp_obj_t number) {
    chip_release(mp_obj_get_int(number));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(release_obj, release);

static mp_obj_t joined(mp_obj_t is_joined) {
    chip_set_joined(mp_obj_is_true(is_joined));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(joined_obj, joined);

static mp_obj_t begin_tls(mp_obj_t file) {
    return mp_obj_new_bool(chip_begin_tls(mp_obj_get_int(file)));
}
static MP_DEFINE_CONST_FUN_OBJ_1(begin_tls_obj, begin_tls);

static const mp_rom_map_elem_t chip_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR__chip) },
    { MP_ROM_QSTR(MP_QSTR_claim), MP_ROM_PTR(&claim_obj) },
    { MP_ROM_QSTR(MP_QSTR_release), MP_ROM_PTR(&release_obj) },
    { MP_ROM_QSTR(MP_QSTR_begin_tls), MP_ROM_PTR(&begin_tls_obj) },
    { MP_ROM_QSTR(MP_QSTR_joined), MP_ROM_PTR(&joined_obj) },
};
static MP_DEFINE_CONST_DICT(chip_globals, chip_globals_table);
const mp_obj_module_t chip_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&chip_globals,
};
MP_REGISTER_MODULE(MP_QSTR__chip, chip_module);

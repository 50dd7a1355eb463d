"""ISO 639-3, which we keep, to ISO 639-1, which some providers want: three letters to two, where there are two."""

# Every code that has two letters: https://iso639-3.sil.org/code_tables/639/data (column Part1), as of 2026.
_PAIRS = """
    aar:aa abk:ab afr:af aka:ak amh:am ara:ar arg:an asm:as ava:av ave:ae aym:ay aze:az bak:ba bam:bm bel:be ben:bn
    bis:bi bod:bo bos:bs bre:br bul:bg cat:ca ces:cs cha:ch che:ce chu:cu chv:cv cor:kw cos:co cre:cr cym:cy dan:da
    deu:de div:dv dzo:dz ell:el eng:en epo:eo est:et eus:eu ewe:ee fao:fo fas:fa fij:fj fin:fi fra:fr fry:fy ful:ff
    gla:gd gle:ga glg:gl glv:gv grn:gn guj:gu hat:ht hau:ha hbs:sh heb:he her:hz hin:hi hmo:ho hrv:hr hun:hu hye:hy
    ibo:ig ido:io iii:ii iku:iu ile:ie ina:ia ind:id ipk:ik isl:is ita:it jav:jv jpn:ja kal:kl kan:kn kas:ks kat:ka
    kau:kr kaz:kk khm:km kik:ki kin:rw kir:ky kom:kv kon:kg kor:ko kua:kj kur:ku lao:lo lat:la lav:lv lim:li lin:ln
    lit:lt ltz:lb lub:lu lug:lg mah:mh mal:ml mar:mr mkd:mk mlg:mg mlt:mt mon:mn mri:mi msa:ms mya:my nau:na nav:nv
    nbl:nr nde:nd ndo:ng nep:ne nld:nl nno:nn nob:nb nor:no nya:ny oci:oc oji:oj ori:or orm:om oss:os pan:pa pli:pi
    pol:pl por:pt pus:ps que:qu roh:rm ron:ro run:rn rus:ru sag:sg san:sa sin:si slk:sk slv:sl sme:se smo:sm sna:sn
    snd:sd som:so sot:st spa:es sqi:sq srd:sc srp:sr ssw:ss sun:su swa:sw swe:sv tah:ty tam:ta tat:tt tel:te tgk:tg
    tgl:tl tha:th tir:ti ton:to tsn:tn tso:ts tuk:tk tur:tr twi:tw uig:ug ukr:uk urd:ur uzb:uz ven:ve vie:vi vol:vo
    wln:wa wol:wo xho:xh yid:yi yor:yo zha:za zho:zh zul:zu
"""
# Languages that have their two letters from the macrolanguage that they belong to, those in common use:
# https://iso639-3.sil.org/code_tables/macrolanguage_mappings/data
_MEMBERS = "arb:ar azj:az cmn:zh ekk:et khk:mn lvs:lv npi:ne pes:fa swh:sw uzn:uz zsm:ms"

TWO_LETTERS: dict[str, str] = {
    three: two for three, _, two in (pair.partition(":") for pair in f"{_PAIRS} {_MEMBERS}".split())
}
THREE_LETTERS: dict[str, str] = {two: three for three, _, two in (pair.partition(":") for pair in _PAIRS.split())}


def two_letters(code: str) -> str:
    """The two letters of a language, whose code may have two or three; empty where it has none or is none."""
    return TWO_LETTERS.get(code, code if code in TWO_LETTERS.values() else "")


def three_letters(code: str) -> str:
    """The language of a provider's code, such as id, en_US or fil, in three letters; empty where it is none."""
    language = code.replace("-", "_").partition("_")[0].lower()
    if len(language) == 3 and language.isascii() and language.isalpha():  # noqa: PLR2004  it is one already
        return language
    return THREE_LETTERS.get(language, "")

using System.Globalization;
using System.Text;

namespace Flip.Tests.Data.Tar;

/// <summary>Writes tars byte by byte, also such as no library writes.</summary>
internal static class TarBytes
{
    /// <summary>Two blocks of zeros.</summary>
    public static byte[] End { get; } = new byte[1024];

    /// <summary>A member with its data.</summary>
    public static byte[] Member(string name, string data, char type = '0', string link = "", Action<byte[]>? change = null) =>
        [.. Header(name, data.Length, type, link, change), .. Filled(Encoding.Latin1.GetBytes(data))];

    /// <summary>A header, changed before its checksum is written.</summary>
    public static byte[] Header(string name, long size, char type = '0', string link = "", Action<byte[]>? change = null)
    {
        var header = new byte[512];
        Put(header, 0, name.Length > 100 ? name[..100] : name);
        Put(header, 100, "0000644\0" + "0000000\0" + "0000000\0" + Octal(size, 11) + "\0" + Octal(0, 11) + "\0" + "        " + type + link);
        Put(header, 257, "ustar\0" + "00");
        change?.Invoke(header);
        Put(header, 148, Octal(header.Sum(value => value), 6) + "\0 ");
        return header;
    }

    /// <summary>A pax header; the lengths of its records count bytes.</summary>
    public static byte[] Pax(char type, params (string Key, string Value)[] records)
    {
        var data = string.Concat(records.Select(record =>
        {
            var rest = $" {record.Key}={record.Value}\n";
            var length = rest.Length + 1;
            while (length.ToString(CultureInfo.InvariantCulture).Length + rest.Length != length)
            {
                length++;
            }

            return string.Create(CultureInfo.InvariantCulture, $"{length}{rest}");
        }));
        return Member("PaxHeaders/x", data, type);
    }

    public static void Put(byte[] block, int at, string text) => Encoding.Latin1.GetBytes(text).CopyTo(block, at);

    public static string Octal(long number, int digits) => Convert.ToString(number, 8).PadLeft(digits, '0');

    private static byte[] Filled(byte[] data) => [.. data, .. new byte[(512 - (data.Length % 512)) % 512]];
}

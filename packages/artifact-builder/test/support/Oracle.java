import java.io.FileInputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.zip.ZipInputStream;

/** Prints the entries of a zip as Java reads them from a stream, which trusts the local headers alone: java Oracle.java zip */
class Oracle {
  public static void main(String[] args) throws Exception {
    var out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    var piece = new byte[64 * 1024];
    try (var zip = new ZipInputStream(new FileInputStream(args[0]), StandardCharsets.UTF_8)) {
      for (var entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        var digest = MessageDigest.getInstance("SHA-256");
        long size = 0;
        for (int count = zip.read(piece); count >= 0; count = zip.read(piece)) {
          digest.update(piece, 0, count);
          size += count;
        }
        out.printf("%d %s %s%n", size, HexFormat.of().formatHex(digest.digest()), entry.getName());
      }
    }
    out.flush();
  }
}
